/** The compact card in its place `helpdesk.sidebar`: HubSpot wants an entry file for each place. */
import { hubspot } from '@hubspot/ui-extensions';
import { Glance } from './Glance.tsx';

hubspot.extend<'helpdesk.sidebar'>(() => <Glance />);
