import type { Channel, ChannelPorts } from './channel.ts';
import { alertmanager } from './channels/alertmanager.ts';
import { email } from './channels/email.ts';
import { pagerduty } from './channels/pagerduty.ts';
import { slack } from './channels/slack.ts';
import { teams } from './channels/teams.ts';
import { webhook } from './channels/webhook.ts';
import type { ChannelSettings } from './settings.ts';

/** The channel that settings describe. Nothing is opened before a message is sent. */
export function openChannel(settings: ChannelSettings, ports: ChannelPorts): Channel {
  switch (settings.kind) {
    case 'slack':
      return slack(settings, ports);
    case 'teams':
      return teams(settings, ports);
    case 'webhook':
      return webhook(settings, ports);
    case 'pagerduty':
      return pagerduty(settings, ports);
    case 'alertmanager':
      return alertmanager(settings, ports);
    case 'email':
      return email(settings, ports);
  }
}
