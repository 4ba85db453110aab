/** A line of passwd(5). */
export interface User {
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** The user of that name in the text of /etc/passwd. */
export function userIn(text: string, name: string): User | undefined {
  const [, , uid, gid, , home = '', shell = ''] = lineOf(text, name) ?? [];
  if (uid === undefined || gid === undefined || !isNumber(uid) || !isNumber(gid)) return undefined;
  return { uid: Number(uid), gid: Number(gid), home, shell };
}

/** The id of the group of that name in the text of /etc/group (group(5)). */
export function groupIn(text: string, name: string): number | undefined {
  const [, , gid] = lineOf(text, name) ?? [];
  return gid !== undefined && isNumber(gid) ? Number(gid) : undefined;
}

/** The name that goes with this id in the text of /etc/passwd; the id itself where there is none. */
export function nameOf(text: string, uid: number): string {
  const found = text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , id]) => id === String(uid));
  return found?.[0] ?? String(uid);
}

function lineOf(text: string, name: string): string[] | undefined {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
