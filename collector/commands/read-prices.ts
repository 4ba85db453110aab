import { readFileSync } from 'node:fs';
import { printable } from '@certherd/command-line/printable';
import { parse } from 'csv-parse/sync';
import { codeOf, messageOf, startFailure } from '../failure.ts';
import { readable } from '../inventory/formula.ts';
import type { Prices } from '../present/cost.ts';

/** A report's own CSV, or any sheet with columns ca and price: what a year of one certificate costs, by CA. Rejects with what is wrong. */
export function readPrices(file: string): Prices {
  const shown = printable(file);
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file, 'utf8'), {
      bom: true,
      columns: (head: string[]) => head.map((one) => one.trim().toLowerCase()),
      skipEmptyLines: true,
    });
  } catch (error) {
    throw startFailure(
      `--prices ${shown}: cannot be read (${codeOf(error) ?? printable(messageOf(error)).slice(0, 200)})`,
    );
  }
  if (rows.some((row) => row['ca'] === undefined || row['price'] === undefined))
    throw startFailure(`--prices ${shown}: expected the columns ca and price, as report costs --csv writes them`);
  return Object.fromEntries(
    rows.flatMap(({ ca = '', price = '' }, index) => {
      if (price.trim() === '') return [];
      const amount = Number(price);
      if (!(Number.isFinite(amount) && amount >= 0))
        throw startFailure(
          `--prices ${shown}: row ${index + 2}: expected a number, found ${JSON.stringify(price.slice(0, 60))}`,
        );
      return [[readable(ca), amount]];
    }),
  );
}
