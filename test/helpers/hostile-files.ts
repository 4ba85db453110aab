import { type Minted, toPem } from './mint.ts';

/** What a certificate file may hold and should not, made around a real certificate: by what it shows. */
export function hostileFiles({ der, pem, keyPem }: Minted): Record<string, Buffer> {
  const encrypted = keyPem.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');
  const lines = pem.split('\n');
  const half = pem.slice(0, pem.length / 2);
  const trust = Buffer.from('300c300a06082b06010505070301', 'hex');
  const texts: Record<string, string> = {
    empty: '',
    'a byte order mark': `\ufeff${pem}`,
    'CR LF': pem.replaceAll('\n', '\r\n'),
    'CR only': pem.replaceAll('\n', '\r'),
    'text around': `Subject: CN=x\n\u001b[31mred\n${pem}\nthe end\u0000`,
    'a key between': `${pem}${keyPem}${pem}`,
    'an encrypted key between': `${pem}${encrypted}${pem}`,
    'an older encrypted key': `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nb25l\n-----END RSA PRIVATE KEY-----\n`,
    'a certificate with trust': toPem('TRUSTED CERTIFICATE', Buffer.concat([der, trust])),
    'a list of revoked ones': toPem('X509 CRL', der),
    'a request': toPem('CERTIFICATE REQUEST', der),
    '101 certificates': pem.repeat(101),
    'half written': half,
    'half of the second': pem + half,
    'base64 with junk': lines.with(2, `${lines[2]}<!-- \u202e -->`).join('\n'),
    'base64 cut by a byte': lines.with(2, (lines[2] ?? '').slice(1)).join('\n'),
    'END of another kind': pem.replace('END CERTIFICATE', 'END PRIVATE KEY'),
    'BEGIN in BEGIN': pem.replace('\n', `\n${pem}`),
    'a label with ESC': pem.replaceAll('CERTIFICATE', 'CERTIFICATE\u001b[2J'),
    'a label of 4 KiB': pem.replaceAll('CERTIFICATE', 'X'.repeat(4096)),
    'trailing bytes in PEM': toPem('CERTIFICATE', Buffer.concat([der, Buffer.from('more')])),
    'nested PEM': toPem('CERTIFICATE', Buffer.from(pem)),
    dashes: '-----BEGIN '.repeat(90_000),
    'a mebibyte and a byte': `${pem}${'#'.repeat(1024 * 1024 + 1 - pem.length)}`,
    'exactly a mebibyte': `${pem}${'#'.repeat(1024 * 1024 - pem.length)}`,
  };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([title, text]) => [title, Buffer.from(text)])),
    'UTF-16': Buffer.from(`\ufeff${pem}`, 'utf16le'),
    'DER with trailing bytes': Buffer.concat([der, Buffer.from('more')]),
    'DER cut off': der.subarray(0, 200),
    'a length of 4 GiB': Buffer.concat([Buffer.from('3084ffffffff', 'hex'), der.subarray(4)]),
    'indefinite length': Buffer.concat([Buffer.from('3080', 'hex'), der.subarray(4), Buffer.alloc(2)]),
    zeros: Buffer.alloc(5000),
    'nested beyond reason': Buffer.alloc(100_000, Buffer.from('3080', 'hex')),
  };
}
