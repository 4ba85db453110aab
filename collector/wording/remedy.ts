/** A remedy is a command line, or a sentence where no command exists. */
export function isSentence(remedy: string): boolean {
  return /^\p{Lu}.*\s.*[.!]$/su.test(remedy);
}
