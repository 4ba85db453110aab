import test from 'ava';
import fc from '../../helpers/properties.ts';
import { certbotRenewal, nginxReload, typed } from '../../../agent/decide/command-line.ts';
import { config } from '../../helpers/observed.ts';

test('what is printed reads back as the very argv, whatever is in it', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (argv) => {
      t.deepEqual(shellWords(typed(argv)), argv);
    }),
  );
});

test('a CA bundle is set in front of certbot', (t) => {
  const line = typed(certbotRenewal(config(), 'shop'), { REQUESTS_CA_BUNDLE: '/etc/ca with space.pem' });
  t.true(line.startsWith("env 'REQUESTS_CA_BUNDLE=/etc/ca with space.pem' /usr/bin/certbot renew --cert-name shop "));
  t.true(line.includes('--no-random-sleep-on-renew'));
});

test('nginx is asked with the prefix, config and log that the settings name', (t) => {
  const base = config();
  const argv = nginxReload({ ...base, nginx: { ...base.nginx, prefix: '/p', errorLog: '/p/error.log' } });
  t.deepEqual(argv, [
    '/usr/sbin/nginx',
    '-p',
    '/p',
    '-c',
    '/etc/nginx/nginx.conf',
    '-e',
    '/p/error.log',
    '-s',
    'reload',
  ]);
});

/** Words as POSIX sh splits them, for single quotes and backslashes only. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i];
    if (letter === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === "'") {
      const end = line.indexOf("'", i + 1);
      word = (word ?? '') + line.slice(i + 1, end);
      i = end;
    } else if (letter === '\\') word = (word ?? '') + line[++i];
    else word = (word ?? '') + letter;
  }
  return word === undefined ? words : [...words, word];
}
