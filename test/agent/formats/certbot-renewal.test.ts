import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readRenewalConfig } from '../../../agent/formats/certbot-renewal.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const asWritten = `# renew_before_expiry = 30 days
version = 2.1.0
archive_dir = /etc/letsencrypt/archive/shop.example.test
cert = /etc/letsencrypt/live/shop.example.test/cert.pem
privkey = /etc/letsencrypt/live/shop.example.test/privkey.pem
chain = /etc/letsencrypt/live/shop.example.test/chain.pem
fullchain = /etc/letsencrypt/live/shop.example.test/fullchain.pem

# Options used in the renewal process
[renewalparams]
account = 0123456789abcdef0123456789abcdef
authenticator = webroot
webroot_path = /var/www,
server = https://acme-v02.api.letsencrypt.org/directory
key_type = ecdsa
renew_hook = 'systemctl reload nginx # now, please'
installer = None
[[webroot_map]]
shop.example.test = /var/www
server = not this one
`;

test('a config as certbot writes it is read', (t) => {
  t.deepEqual(readRenewalConfig(Buffer.from(asWritten)), {
    version: '2.1.0',
    archiveDirectory: '/etc/letsencrypt/archive/shop.example.test',
    cert: '/etc/letsencrypt/live/shop.example.test/cert.pem',
    privkey: '/etc/letsencrypt/live/shop.example.test/privkey.pem',
    chain: '/etc/letsencrypt/live/shop.example.test/chain.pem',
    fullchain: '/etc/letsencrypt/live/shop.example.test/fullchain.pem',
    account: '0123456789abcdef0123456789abcdef',
    authenticator: 'webroot',
    server: 'https://acme-v02.api.letsencrypt.org/directory',
    keyType: 'ecdsa',
    renewHook: 'systemctl reload nginx # now, please',
    webrootPath: '/var/www',
    webroots: new Map([
      ['shop.example.test', '/var/www'],
      ['server', 'not this one'],
    ]),
    autorenew: true,
  });
});

test('quotes, comments, CRLF and a byte order mark are read as ConfigObj, which certbot uses, reads them', (t) => {
  for (const text of [
    asWritten,
    asWritten.replaceAll('\n', '\r\n'),
    `\ufeff${asWritten}`,
    'cert = "/a b/cert.pem"   # a comment\nprivkey=/x#y\n  chain   =   \'/c d\'\n"fullchain" = /f\n',
    '[ renewalparams ]  # options\nserver = \'\'\'https://a # b\'\'\'\nrenew_hook = """one\ntwo\nthree""" # comment\nauthenticator = dns\n',
    '["renewalparams"]\nserver = https://x/#frag\nautorenew = False\n',
    '[other]\nserver = wrong\n[renewalparams]\nserver = right\n[[deeper]]\nserver = wrong\n[last]\nserver = wrong\n',
    '[renewalparams]\nwebroot_path = "/a, b", /c d , # now\npre_hook = "systemctl stop nginx"\npost_hook = None\nhttp01_port = 8080\n',
    '[renewalparams]\n[[ webroot_map ]] # names\n"a.test" = "/x y"\nb.test = /z\n[[other]]\nc.test = /n\n[last]\nd.test = /n\n',
    'cert = \'it is "quoted"\'\nversion =\nchain = a=b\n',
  ]) {
    const { autorenew, webroots, ...rest } = readRenewalConfig(Buffer.from(text));
    const map = webroots && { webroots: Object.fromEntries(webroots) };
    t.deepEqual({ ...rest, ...map, autorenew }, { autorenew: true, ...byConfigObj(text) }, text);
  }
});

test('nonsense is passed over', (t) => {
  const text =
    'no equals sign\n= no key\n[unclosed\ncert = /lost\n[renewalparams]\n\u0000\nserver = https://a\nserver = https://b\n]]]\n';
  t.deepEqual(readRenewalConfig(Buffer.from(text)), { server: 'https://a', autorenew: true });
  t.deepEqual(readRenewalConfig(new Uint8Array()), { autorenew: true });
});

test('arbitrary text never throws', (t) => {
  const piece = fc.constantFrom(
    '[',
    ']',
    '[renewalparams]',
    '=',
    '\n',
    '"',
    "'",
    "'''",
    '"""',
    '#',
    ' ',
    'server',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (parts) => {
      readRenewalConfig(Buffer.from(parts.join('')));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readRenewalConfig(bytes)));
  t.pass();
});

test('a mebibyte of anything takes no time to speak of', async (t) => {
  for (const piece of ["a = '''\n", "a = '''b'''\n", '[ ', ' ', 'a = # ', '\n', 'a = "', '[[[]]]\n']) {
    const bytes = Buffer.from(`x = ${piece.repeat((1024 * 1024) / piece.length)}`);
    t.true((await processorMs(() => void readRenewalConfig(bytes))) < 2000, piece);
  }
});

/** What certbot itself would see, through the Python library that it reads its configs with. */
function byConfigObj(text: string): object {
  const program = `
import sys, json, configobj
c = configobj.ConfigObj(sys.stdin.buffer.read().decode('utf-8').splitlines(keepends=True), encoding='utf-8', default_encoding='utf-8', interpolation=False)
p = c.get('renewalparams', {})
pairs = [('version', c, 'version'), ('archiveDirectory', c, 'archive_dir'), ('cert', c, 'cert'), ('privkey', c, 'privkey'),
  ('chain', c, 'chain'), ('fullchain', c, 'fullchain'), ('account', p, 'account'), ('authenticator', p, 'authenticator'),
  ('installer', p, 'installer'), ('server', p, 'server'), ('keyType', p, 'key_type'), ('renewHook', p, 'renew_hook'),
  ('preHook', p, 'pre_hook'), ('postHook', p, 'post_hook'), ('http01Port', p, 'http01_port')]
out = {name: s[key] for name, s, key in pairs if key in s and s[key] not in ('', 'None')}
w = p.get('webroot_path')
if w: out['webrootPath'] = w if isinstance(w, str) else w[-1]
if 'webroot_map' in p: out['webroots'] = dict(p['webroot_map'])
if 'autorenew' in p: out['autorenew'] = p.as_bool('autorenew')
print(json.dumps(out))
`;
  const parsed: unknown = JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', program], { input: text, encoding: 'utf8' }),
  );
  if (typeof parsed !== 'object' || parsed === null) throw new Error('not an object');
  return parsed;
}
