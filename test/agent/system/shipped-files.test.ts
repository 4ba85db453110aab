import test from 'ava';
import { shippedFile } from '../../../agent/system/shipped-files.ts';

test('a shipped file is found by its path in the repository, wherever one stands', (t) => {
  t.regex(shippedFile('deploy/systemd/certherd-agent.service'), /^ExecStart=\/usr\/bin\/certherd-agent run$/m);
  t.throws(() => shippedFile('deploy/systemd/no-such-unit'));
});
