/** What an ACME CA said against an order (RFC 8555 6.7): raw, one line. */
export interface AcmeProblem {
  /** Without its prefix: "unauthorized". */
  type: string;
  detail: string;
  /** The name that it is about, where certbot tells. */
  identifier?: string;
}

const longestLine = 4000;

/** Lines without what only draws rules and boxes, each cut to 4,000 characters. */
export function tellingLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.slice(0, longestLine).trim())
    .filter((line) => line !== '' && !/^[-\s]+$/.test(line));
}

/**
 * The problems that certbot tells a person of: `Domain:/Type:/Detail:` blocks (their Detail wrapped over several lines before
 * certbot 1.18), and `urn:ietf:params:acme:error:TYPE :: what it means :: detail`.
 */
export function toldProblems(lines: readonly string[]): AcmeProblem[] {
  const problems: AcmeProblem[] = [];
  let identifier: string | undefined;
  let open: AcmeProblem | undefined;
  for (const line of lines) {
    const [, field, value = ''] = /^(Domain|Type|Detail):\s*(.*)$/.exec(line) ?? [];
    if (field === 'Domain') identifier = value;
    else if (field === 'Type') {
      open = { type: value, detail: '', ...(identifier !== undefined && { identifier }) };
      problems.push(open);
    } else if (field === 'Detail' && open) open.detail = value;
    else if (open && isContinuation(line)) open.detail = `${open.detail} ${line}`.slice(0, longestLine);
    else open = undefined;
    if (field === 'Domain') open = undefined;
    if (!field) problems.push(...namedProblem(line));
  }
  return problems;
}

/** The last problem document that a log of certbot's holds, on one line or, as CAs print them, over several. */
export function lastProblemDocument(lines: readonly string[]): AcmeProblem | undefined {
  const index = lines.findLastIndex((line) => typeField.test(line));
  const [, type = ''] = typeField.exec(lines[index] ?? '') ?? [];
  if (type === '') return undefined;
  const near = lines.slice(index, index + 4).find((line) => detailField.test(line));
  const [, detail = ''] = detailField.exec(near ?? '') ?? [];
  return { type, detail: unescaped(detail) };
}

const typeField = /"type":\s{0,9}"urn:(?:ietf:params:)?acme:error:([A-Za-z]{1,64})"/;
const detailField = /"detail":\s{0,9}"((?:[^"\\]|\\.)*)"/;

function namedProblem(line: string): AcmeProblem[] {
  const [, type = '', rest = ''] = /urn:(?:ietf:params:)?acme:error:([A-Za-z]{1,64})(?: :: (.*))?$/.exec(line) ?? [];
  if (type === '') return [];
  const [meaning = '', ...detail] = rest.split(' :: ');
  return [{ type, detail: (detail.length > 0 ? detail.join(' :: ') : meaning).replace(/\. Skipping\.$/, '') }];
}

/** Whatever follows a wrapped Detail begins with a word of certbot's own. */
function isContinuation(line: string): boolean {
  return !/^(?:Hint:|To fix these errors|Failed to renew|Attempting to renew|All renewals failed|IMPORTANT NOTES|-|\d+ renew failure)/.test(
    line,
  );
}

function unescaped(text: string): string {
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
