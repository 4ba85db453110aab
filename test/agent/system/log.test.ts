import { spawnSync } from 'node:child_process';
import test from 'ava';

test('a log line shows no secret, and nothing that a terminal would act on', (t) => {
  const script = `
    import { systemLog } from './agent/system/log.ts';
    const log = await systemLog({ logLevel: 'debug', logFormat: 'auto' });
    const text = 'a \\u001b[31m \\u202e \\u0085 token=CANARY\\nnext';
    log.debug({ nested: [{ text }], error: new Error(text) }, text);`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const shown = 'a \\x1b[31m \\u{202e} \\x85 token=[removed]\nnext';
  t.like(JSON.parse(stderr), { nested: [{ text: shown }], error: shown, msg: shown });
  t.notRegex(stderr, /CANARY|[\u001b\u0085\u202e]/);
});
