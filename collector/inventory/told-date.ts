/**
 * The day that a list means, as "2026-12-31": ISO 8601, 31.12.2026, 31/12/2026 or 12/31/2026 where only one of the two can be meant,
 * "31 Dec 2026", "Dec 31 2026" and openssl's "Dec 31 23:59:59 2026 GMT". Undefined: it cannot be told.
 */
export function toldDate(text: string): string | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/.exec(text);
  if (iso) return day(iso[1], iso[2], iso[3]);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  if (dotted) return day(dotted[3], dotted[2], dotted[1]);
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (slashed) {
    const [, one, other, year] = slashed;
    const [monthFirst, dayFirst] = [day(year, one, other), day(year, other, one)];
    return monthFirst === undefined || dayFirst === undefined || monthFirst === dayFirst
      ? (monthFirst ?? dayFirst)
      : undefined;
  }
  const worded =
    /^(?:(\d{1,2}) )?([A-Za-z]{3})[a-z]*\.? +(?:(\d{1,2}),? +)?(?:\d{1,2}:\d{2}(?::\d{2})? +)?(\d{4})(?: +[A-Z]{2,4})?$/.exec(
      text,
    );
  if (!worded) return undefined;
  const [, before, month = '', behind, year] = worded;
  const place = months.indexOf(month.toLowerCase()) + 1;
  return place > 0 ? day(year, String(place), before ?? behind) : undefined;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function day(year = '', month = '', date = ''): string | undefined {
  const text = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? undefined : text;
}
