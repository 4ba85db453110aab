/** Who issued: the organisation in an issuer's name. `acme`: its ACME directory (RFC 8555 7.1.1); without one people order by hand. */
export interface Authority {
  organisation: string;
  /** Common name of what signs leaves. */
  signer: string;
  lifeDays: number;
  /** What a year of one certificate costs, as the sheet tells it. Made up, like the organisations that are not Let's Encrypt. */
  yearlyCost: number;
  acme?: string;
}

export const letsEncrypt: Authority = {
  organisation: "Let's Encrypt",
  signer: 'E7',
  lifeDays: 90,
  yearlyCost: 0,
  acme: 'https://acme-v02.api.letsencrypt.org/directory',
};

/** Let's Encrypt's profile of 160 hours. */
export const shortLived: Authority = { ...letsEncrypt, lifeDays: 160 / 24 };

export const otherAcme: readonly Authority[] = [
  acme('Meridian Trust', 'Meridian Public TLS 4', 'acme.meridian.example'),
  acme('Openwell CA', 'Openwell DV 2', 'acme.openwell.example'),
  acme('Harbour Group', 'Harbour Group Internal CA', 'ca.harbour.example'),
];

/** Who sells certificates that people order and install by hand. */
export const sellers: readonly Authority[] = [
  seller('Northgate Secure', 'Northgate OV TLS G3', 218),
  seller('Signum AG', 'Signum Business TLS 2', 189),
  seller('Trustlane', 'Trustlane DV R5', 79),
  seller('Castellan Digital', 'Castellan EV TLS G2', 398),
  seller('Bluekey', 'Bluekey Domain CA 3', 59),
  seller('Atlas Certs', 'Atlas TLS 2', 129),
  seller('Verity One', 'Verity One OV 1', 249),
  seller('Kontor PKI', 'Kontor PKI TLS 7', 99),
];

/** Two words make a company's domain; together there are more than 89. */
export const firstWords = [
  'amber',
  'birch',
  'cobalt',
  'delta',
  'ember',
  'fjord',
  'granite',
  'hazel',
  'indigo',
  'juniper',
];
export const secondWords = ['bakery', 'cycles', 'dental', 'energy', 'foods', 'gardens', 'hotels', 'insure', 'journal'];

/** What stands before a domain, the most usual first. */
export const services = ['api', 'shop', 'admin', 'auth', 'mail', 'status', 'docs', 'app', 'cdn', 'staging', 'login'];

export const people: readonly { owner: string; team: string }[] = [
  { owner: 'Ana Petrova', team: 'payments' },
  { owner: 'Bruno Keller', team: 'payments' },
  { owner: 'Chidi Okafor', team: 'storefront' },
  { owner: 'Dana Levi', team: 'storefront' },
  { owner: 'Elif Demir', team: 'platform' },
  { owner: 'Farid Haddad', team: 'platform' },
  { owner: 'Greta Lind', team: 'marketing' },
  { owner: 'Hiro Tanaka', team: 'internal IT' },
];

export interface Machine {
  name: string;
  platform: string;
  environment: 'production' | 'staging' | 'internal';
  mode: 'observe' | 'deploy' | 'renew';
}

/** The estate's 26 hosts. */
export const machines: readonly Machine[] = [
  ...many('web', 9, { platform: 'Debian 12', environment: 'production', mode: 'renew' }),
  ...many('shop', 4, { platform: 'Debian 12', environment: 'production', mode: 'deploy' }),
  ...many('api', 4, { platform: 'Ubuntu 24.04', environment: 'production', mode: 'deploy' }),
  ...many('legacy', 4, { platform: 'Debian 11', environment: 'production', mode: 'observe' }),
  ...many('stage', 3, { platform: 'Ubuntu 24.04', environment: 'staging', mode: 'renew' }),
  ...many('intra', 2, { platform: 'Debian 12', environment: 'internal', mode: 'observe' }),
];

function many(kind: string, count: number, rest: Omit<Machine, 'name'>): Machine[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${kind}-${index + 1}.harbour.example`, ...rest }));
}

function acme(organisation: string, signer: string, host: string): Authority {
  return { organisation, signer, lifeDays: 90, yearlyCost: 0, acme: `https://${host}/directory` };
}

function seller(organisation: string, signer: string, yearlyCost: number): Authority {
  return { organisation, signer, lifeDays: 200, yearlyCost };
}
