import { endpointList } from '../present/endpoint-list.ts';
import { type EndpointRow, endpointRowsOf } from '../present/endpoint-rows.ts';
import type { Console } from './command.ts';
import { type Listed, type ListOptions, showList } from './list.ts';

const listed: Listed<EndpointRow> = {
  list: endpointList,
  rowsOf: endpointRowsOf,
  itemsOf: (rows) => rows.map(({ endpoint, outside }) => ({ ...endpoint, ...(outside !== undefined && { outside }) })),
  none: 'No endpoint yet. Agents report what their web server listens on: certherd-collector host list',
};

/** `endpoint list`: everything that a client can connect to, the worst first. */
export function listEndpoints(options: ListOptions, console: Console): Promise<number> {
  return showList(listed, options, console);
}
