import test from 'ava';
import { challengePlace } from '../../../agent/formats/nginx-challenge.ts';
import { parseNginx } from '../../../agent/formats/nginx-parser.ts';

function placeFor(servers: string, name = 'shop.example.test', port = 80, prefix = '/usr/share/nginx') {
  const { directives, fault } = parseNginx(`events {}\nhttp {\n${servers}\n}\n`, '/n.conf');
  if (fault) throw new Error(fault.detail);
  const place = challengePlace(directives, name, { port, ...(prefix && { prefix }) });
  return place.root ?? place.why;
}

test('a plain root, of the block that answers for the name on port 80, is the webroot', (t) => {
  const servers = `server { listen 80 default_server; root /default; }
    server { listen 80; server_name shop.example.test; root /srv/shop; }
    server { listen 443 ssl; server_name shop.example.test; root /srv/tls; }`;
  t.is(placeFor(servers), '/srv/shop');
  t.is(placeFor(servers, 'other.example.test'), '/default');
  t.is(placeFor('root /of/http; server { listen 80; location / { } }'), '/of/http');
});

test('a relative root is below the prefix, and unknown where the prefix is', (t) => {
  t.is(placeFor('server { listen 80; root html; }'), '/usr/share/nginx/html');
  const { directives } = parseNginx('http { server { listen 80; root html; } }', '/n');
  t.like(challengePlace(directives, 'x.test', { port: 80 }), {
    why: 'its root is relative ("html"), and nginx\'s prefix is not known',
  });
});

test("the location is chosen as nginx does: the longest prefix, an expression before it, and '^~' before that", (t) => {
  const within = (locations: string) => placeFor(`server { listen 80; root /r; ${locations} }`);
  t.is(within('location / { proxy_pass http://x; } location /.well-known/acme-challenge/ { root /acme; }'), '/acme');
  t.is(
    within('location / { proxy_pass http://x; } location ^~ /.well-known/ { root /w; } location ~ /\\. { deny all; }'),
    '/w',
  );
  t.regex(
    within('location /.well-known/ { root /w; } location ~ /\\. { deny all; }'),
    /\(deny\) may answer otherwise$/,
  );
  t.is(within('location ~ /\\.(?!well-known) { deny all; }'), '/r');
  t.is(
    within(
      'location ~ \\.php$ { fastcgi_pass x; } location = /.well-known/ { return 404; } location @x { return 404; }',
    ),
    '/r',
  );
  t.is(within('location ^~/.well-known/acme-challenge/ { root /acme; } location / { return 404; }'), '/acme');
  t.regex(within('location ~/\\. { deny all; }'), /\(deny\) may answer otherwise$/);
  t.is(within('location ~*/ACME-challenge/ { root /inner; }'), '/inner');
  t.is(within('location =/.well-known/ { root /exact; }'), '/r');
  t.is(within('location ~ (?P<a>x)\\G { root /x; }'), 'a location cannot be told to fit or not');
  t.is(within('location /.well-known/ { location ~* /ACME-challenge/ { root /inner; } }'), '/inner');
});

test('an alias is one for certbot only where the challenge path is its end', (t) => {
  const aliased = (alias: string, prefix = '/.well-known/acme-challenge/') =>
    placeFor(`server { listen 80; location ${prefix} { alias ${alias}; } }`);
  t.is(aliased('/var/acme/.well-known/acme-challenge/'), '/var/acme');
  t.is(aliased('/.well-known/acme-challenge/'), '/');
  t.regex(aliased('/var/acme/'), /has an alias that certbot cannot write to$/);
  t.regex(aliased('/var/$host/.well-known/acme-challenge/'), /cannot write to$/);
});

test('what redirects to TLS is looked for there, since a CA follows it', (t) => {
  const tls = 'server { listen 443 ssl; server_name shop.example.test; root /tls; }';
  const redirect = (target: string) => placeFor(`server { listen 80; return 301 ${target}; } ${tls}`);
  t.is(redirect('https://$host$request_uri'), '/tls');
  t.is(redirect('https://shop.example.test$request_uri'), '/tls');
  t.is(redirect('https://$server_name:443$request_uri'), '/tls');
  for (const lost of ['https://$host', 'https://$host/login', 'http://$host$request_uri', 'https://$x$request_uri'])
    t.regex(redirect(lost), /answers by itself$/);
  t.is(redirect('https://$host:8443$request_uri'), 'port 80 leads to TLS, where no directory is told for it');
});

test('what answers before a file is looked for is no webroot', (t) => {
  for (const directive of [
    'proxy_pass http://x;',
    'if ($a) { return 404; }',
    'rewrite ^ /x;',
    'auth_basic "x";',
    'internal;',
  ])
    t.regex(placeFor(`server { listen 80; root /r; location / { ${directive} } }`), /may answer otherwise$/, directive);
  t.is(placeFor('server { listen 80; root /r; auth_basic off; location / { try_files $uri $uri/ =404; } }'), '/r');
  t.regex(
    placeFor('server { listen 80; root /r; location / { try_files /index.php =404; } }'),
    /does not look for the file/,
  );
  t.is(placeFor('server { listen 80; root /srv/$host; }'), 'no root is told for it');
  t.is(placeFor('server { listen 80; }'), 'no root is told for it');
});

test('another port is taken where challenges come in on it, and addresses that differ are no answer', (t) => {
  const elsewhere = 'server { listen 8080; root /r; }';
  t.is(placeFor(elsewhere, 'shop.example.test', 8080), '/r');
  t.is(placeFor(elsewhere), 'nginx does not listen on port 80 without TLS');
  t.is(placeFor('server { listen 80 ssl; root /r; }'), 'nginx does not listen on port 80 without TLS');
  const apart = 'server { listen 192.0.2.1:80; root /a; } server { listen 192.0.2.2:80; root /b; }';
  t.is(placeFor(apart), 'its addresses answer from different directories');
});
