import { createRequire } from 'node:module';

// A process of its own for pkg, which changes its working directory and reads HOME. Argument: a JSON request (binary.ts).

interface Pkg {
  default: (entry: string, options: { targets: object[]; signature: boolean; seaConfig: object }) => Promise<void>;
}

interface Request {
  entry: string;
  target: object;
  seaConfig: object;
}

const pkg: Pkg = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js');
const { entry, target, seaConfig }: Request = JSON.parse(process.argv[2] ?? '');
await pkg.default(entry, { targets: [target], signature: false, seaConfig });
