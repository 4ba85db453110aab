import { stripVTControlCharacters } from 'node:util';

/**
 * The test files in which something failed, threw or never ended, by what ava shows; undefined where one of them cannot be told. A title begins with
 * its file: "collector › receive › ingest › …" is in test/collector/receive/ingest.test.ts.
 */
export function failedFilesOf(output: string, isTestFile: (path: string) => boolean): string[] | undefined {
  const text = stripVTControlCharacters(output);
  const files = new Set<string>();
  for (const [, title = ''] of text.matchAll(/^ {2}[✘×] \[fail\]: (.+)$/gm)) {
    const file = fileOf(title, isTestFile);
    if (file === undefined) return undefined;
    files.add(file);
  }
  const named =
    /^ {2}(?:Uncaught exception in|Unhandled rejection in|\d+ tests? were pending in) (test\/\S+\.test\.ts)$/gm;
  for (const [, file = ''] of text.matchAll(named)) files.add(file);
  return [...files];
}

function fileOf(title: string, isTestFile: (path: string) => boolean): string | undefined {
  const words = title.split(' › ');
  for (let length = 1; length < words.length; length += 1) {
    const path = `test/${words.slice(0, length).join('/')}.test.ts`;
    if (isTestFile(path)) return path;
  }
  return undefined;
}
