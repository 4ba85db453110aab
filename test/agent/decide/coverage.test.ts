import type { Deployment } from '@certherd/protocol/snapshot';
import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { config, deployment, lineage, live, noon, observed } from '../../helpers/observed.ts';

const reload = '/usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload';
const gone = { reason: 'not-found' as const, detail: '' };

/** What is to be done about a file of a deployment whose certificate could not be read. */
function remedyOf(change: Partial<Deployment>, more: Partial<Observations> = {}): string | undefined {
  const { configured: _none, keyMatches: _neither, ...unread } = deployment(change);
  const findings = decide(observed({ deployments: [unread], endpoints: [], ...more }), [], [], config(), noon).snapshot
    .findings;
  return findings.find(({ code }) => ['file-missing', 'file-unreadable'].includes(code))?.remedy;
}

test('where the paths of a lineage were swapped nothing is to be put over its key', (t) => {
  const failure = { reason: 'no-certificate' as const, detail: 'a private key and nothing else' };
  const swapped = { certificatePath: `${live}/privkey.pem`, keyPath: `${live}/fullchain.pem`, failure };
  t.is(
    remedyOf(swapped),
    `In /etc/nginx/nginx.conf:10 name ${live}/fullchain.pem as the certificate and ${live}/privkey.pem as the key, then: ${reload}`,
  );
});

test('what certbot keeps is renewed and not written over', (t) => {
  t.regex(remedyOf({ failure: gone }) ?? '', /^\/usr\/bin\/certbot renew --cert-name shop .* && .*nginx.* -s reload$/);
});

test('a file of a broken lineage is mended by what mends the lineage', (t) => {
  const archives = [
    {
      lineage: 'shop',
      directory: '/etc/letsencrypt/archive/shop',
      links: Object.fromEntries(
        (['cert', 'privkey', 'chain', 'fullchain'] as const).map((kind) => [kind, `${live}/${kind}.pem`]),
      ),
      unnamed: [],
      linked: false,
      complete: 1,
      newest: 1,
    },
  ] as unknown as NonNullable<Observations['archives']>;
  const broken = { lineages: [lineage({ failure: gone })], archives };
  t.regex(remedyOf({ failure: gone }, broken) ?? '', /^ln -sf --backup=numbered .*fullchain1\.pem/);
});

test('any other file is to be put there', (t) => {
  t.is(
    remedyOf({ certificatePath: '/etc/ssl/shop.pem', failure: gone }),
    'Put the certificate at /etc/ssl/shop.pem, then: /usr/sbin/nginx -c /etc/nginx/nginx.conf -t',
  );
});
