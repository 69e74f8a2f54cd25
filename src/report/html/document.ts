import { createHash } from 'node:crypto';
import { SCRIPT } from './script.js';
import { STYLESHEET } from './stylesheet.js';

/**
 * The whole file around a page. Nothing is loaded from anywhere, and nothing runs but our own script: the policy names
 * both by their hashes, so that markup which got in would still be dead.
 *
 * @param title as markup
 * @param body as markup
 */
export function* documentOf(title: string, body: string): Generator<string> {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(STYLESHEET)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
${title}
<style>${STYLESHEET}</style>
</head>
<body>
`;
  yield body;
  yield `
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
