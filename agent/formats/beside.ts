/** Where a file is written before it takes its place: beside it, and under a name that nothing reads. */
export function besideOf(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}.${path.slice(slash)}.certherd-new`;
}
