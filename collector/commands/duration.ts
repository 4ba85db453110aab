/** "90m", "1h", "2d" in milliseconds, from one second to thirty days. */
export function parseDuration(text: string): number | undefined {
  const whole = /^(\d{1,7})([smhd])$/.exec(text);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[whole?.[2] ?? ''];
  const ms = unit === undefined ? 0 : Number(whole?.[1]) * unit;
  return ms >= 1_000 && ms <= 30 * 86_400_000 ? ms : undefined;
}
