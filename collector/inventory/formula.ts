// Fields that a spreadsheet would take for a formula (OWASP, CSV injection), and fields that look as if they had been made text already.
const beforeReading = /^'*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;
const asWritten = /^'+[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

/** As text for a spreadsheet: with an apostrophe before what would be a formula. */
export function harmless(field: string): string {
  return beforeReading.test(field) ? `'${field}` : field;
}

/** The field that `harmless` made this of. */
export function readable(field: string): string {
  return asWritten.test(field) ? field.slice(1) : field;
}
