/** How the labels are called that lists are told apart by. */
export const labelTitles = {
  owner: 'Owner',
  team: 'Team',
  environment: 'Environment',
  platform: 'Platform',
} as const;
