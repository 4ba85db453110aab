import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** Comments of pg and tldts in ASCII: one dash in them would have V8 keep the whole bundle in twice the memory. The code is left as it is. */
export const plainComments: Plugin = {
  name: 'plain comments',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/(?:pg(?:-[a-z]+)?|tldts(?:-core)?)\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return { contents: text.replaceAll(/(?:^|[ \t])\/\/ ?.*$/gm, plain), loader: 'js' };
    });
  },
};

function plain(comment: string): string {
  return comment.replaceAll(/[^\n -~\t]/g, '?');
}
