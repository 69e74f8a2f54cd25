/** Null where no person looks at standard error, or the terminal cannot take back what it shows. */
export async function progressOnTerminal() {
  if (process.stderr.isTTY !== true || process.env.TERM === 'dumb') return null;
  const { Progress } = await import('./progress.js');
  return new Progress(process.stderr);
}
