const units: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A length of time as people say it: "59 d", "3 h 20 min", "42 s". Never negative. */
export function span(ms: number): string {
  const left = Math.max(0, ms);
  const index = units.findIndex(([unit]) => left >= unit);
  const [unit, name] = units[index] ?? [1000, 's'];
  const whole = Math.floor(left / unit);
  const next = units[index + 1];
  const rest = next ? Math.floor((left - whole * unit) / next[0]) : 0;
  return whole < 10 && next && rest > 0 ? `${whole} ${name} ${rest} ${next[1]}` : `${whole} ${name}`;
}
