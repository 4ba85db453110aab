import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { parse } from 'smol-toml';
import { withMode } from '../../../agent/formats/policy-mode.ts';

const shipped = readFileSync(resolve(import.meta.dirname, '../../../deploy/config/agent.toml'), 'utf8');

test('in the settings that are shipped one word changes', (t) => {
  const changed = withMode(shipped, 'deploy') ?? '';
  t.is(changed.replace('mode = "deploy"', 'mode = "observe"'), shipped);
  t.deepEqual(parse(changed), { mode: 'deploy' });
});

test('comments, line ends and the modes of lineages stay as they are', (t) => {
  t.is(
    withMode(`# ours\r\nmode='renew' # since May\r\n[lineage."a"]\r\nmode = "observe"\r\n`, 'observe'),
    `# ours\r\nmode= "observe" # since May\r\n[lineage."a"]\r\nmode = "observe"\r\n`,
  );
  t.is(withMode('[nginx]\nbinary = "/x"\n', 'renew'), 'mode = "renew"\n[nginx]\nbinary = "/x"\n');
  t.is(withMode('', 'deploy'), 'mode = "deploy"\n');
});

test('what cannot be changed with certainty is left to a person', (t) => {
  t.is(withMode('host_name = """\nmode = "a"\n"""\n', 'deploy'), undefined, 'a line of another value');
  t.is(withMode('mode = """observe"""\n', 'deploy'), undefined);
  t.is(withMode('mode = \n', 'deploy'), undefined);
});

test('of any settings all fields but the mode stay', (t) => {
  const line = fc.constantFrom(
    'mode = "observe"',
    '[certbot]',
    'x = """',
    '"""',
    "'mode' = 'renew'",
    '# mode = 1',
    'y = [',
    ']',
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const before = lines.join('\n');
        const after = withMode(before, 'deploy');
        if (after === undefined) return true;
        const { mode, ...rest } = parse(after);
        const { mode: _before, ...restBefore } = parse(before);
        return mode === 'deploy' && JSON.stringify(rest) === JSON.stringify(restBefore);
      }),
    ),
  );
});
