/** The compact card in its place `crm.record.sidebar`: HubSpot wants an entry file for each place. */
import { hubspot } from '@hubspot/ui-extensions';
import { Glance } from './Glance.tsx';

hubspot.extend<'crm.record.sidebar'>(() => <Glance />);
