import { accountSteps as steps } from './account-steps.ts';
import type { Accounts } from './accounts.ts';
import type { Kept } from './kept.ts';
import type { Steps } from './steps.ts';

/** How a database runs steps. */
export interface StepRunner {
  read: <T>(work: Steps<T>) => Promise<T>;
  /** In a transaction that is run from its beginning again where another was in its way. */
  write: <T>(work: () => Steps<T>) => Promise<Kept<T>>;
}

export function keepAccounts({ read, write }: StepRunner): Accounts {
  return {
    hasUsers: () => read(steps.hasUsers()),
    users: () => read(steps.users()),
    user: (name) => read(steps.user(name)),
    userOf: (identity) => read(steps.userOf(identity)),
    addUser: (user, entry, invite) => write(() => steps.addUser(user, entry, invite)),
    setRole: (name, role, entry) => write(() => steps.setRole(name, role, entry)),
    setPassword: (name, password, entry) => write(() => steps.setPassword(name, password, entry)),
    bindIdentity: (name, identity) => write(() => steps.bindIdentity(name, identity)),
    removeUser: (name, entry) => write(() => steps.removeUser(name, entry)),
    userStates: (at) => read(steps.userStates(at)),
    changeUser: (name, change, entry) => write(() => steps.changeUser(name, change, entry)),
    invite: (name, hash, expiresAt, entry) => write(() => steps.invite(name, hash, expiresAt, entry)),
    invited: (hash, at) => read(steps.invited(hash, at)),
    acceptInvite: (hash, password, entry) => write(() => steps.acceptInvite(hash, password, entry)),
    keepSetUp: (hash, expiresAt) => write(() => steps.keepSetUp(hash, expiresAt)),
    isSetUp: (hash, at) => read(steps.isSetUp(hash, at)),
    setUp: (hash, user, entry) => write(() => steps.setUp(hash, user, entry)),
    addSession: (hash, session, entry) => write(() => steps.addSession(hash, session, entry)),
    session: (hash) => read(steps.session(hash)),
    noteSeen: (hash, at) => write(() => steps.noteSeen(hash, at)),
    endSession: (hash, entry) => write(() => steps.endSession(hash, entry)),
    sessionsOf: (user) => read(steps.sessionsOf(user)),
    endSessions: (user, entry) => write(() => steps.endSessions(user, entry)),
    addApiToken: (hash, token, entry) => write(() => steps.addApiToken(hash, token, entry)),
    apiTokens: () => read(steps.apiTokens()),
    apiToken: (hash) => read(steps.apiToken(hash)),
    noteUsed: (hash, at) => write(() => steps.noteUsed(hash, at)),
    revokeApiToken: (name, entry) => write(() => steps.revokeApiToken(name, entry)),
    addAudit: (entry) => write(() => steps.addAudit(entry)),
    audit: (before, limit, filter) => read(steps.audit(before, limit, filter)),
  };
}
