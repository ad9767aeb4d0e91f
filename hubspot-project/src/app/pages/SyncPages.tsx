import { hubspot, Text } from '@hubspot/ui-extensions';

hubspot.extend<'pages'>(() => <Text>Portal Sync</Text>);
