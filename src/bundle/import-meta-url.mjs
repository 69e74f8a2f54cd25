/** Stands in for `import.meta.url`, which scripts do not have. */
import { pathToFileURL } from 'node:url';

export const importMetaUrl = pathToFileURL(__filename).href;
