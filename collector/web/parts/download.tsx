/** A button that gives text as a file. */
export function Download({ name, text, words }: { name: string; text: () => string; words: string }) {
  return (
    <button type="button" class="tool no-print" onClick={() => give(name, text())}>
      {words}
    </button>
  );
}

/** Gives text as a file. */
export function give(name: string, text: string): void {
  // Spreadsheets take CSV for UTF-8 only with a byte order mark.
  const address = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
