/** Which of the page's components draws which name on the wire: every one SDK 0.17 can send. */
import { createController, type Controller } from '@remote-ui/react/host';
import type { ComponentType } from 'react';
import { Button, ButtonRow, Dropdown, DropdownButtonItem, Link, LoadingButton } from './parts/buttons.tsx';
import { BarChart, LineChart } from './parts/charts.tsx';
import { Checkbox, MultiSelect, RadioButton, Select, Toggle, ToggleGroup } from './parts/choices.tsx';
import * as crm from './parts/crm.tsx';
import { Form } from './parts/fields.tsx';
import * as inputs from './parts/inputs.tsx';
import * as layout from './parts/layout.tsx';
import { DialogBody, DialogFooter, Modal, Panel, PanelSection, Tooltip } from './parts/overlays.tsx';
import * as pages from './parts/pages.tsx';
import * as states from './parts/states.tsx';
import * as tables from './parts/tables.tsx';
import * as text from './parts/text.tsx';

const { CurrencyInput, DateInput, Input, NumberInput, SearchInput, StepperInput, TextArea, TimeInput } =
  inputs;
const { AutoGrid, Box, Flex, Inline, Unknown } = layout;
const { standIn } = crm;
const ofHubSpot = 'drawn by HubSpot, from its own data';

// Props come from another thread, for a component that is known by its name only.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Drawn = ComponentType<any>;

const standard: Record<string, Drawn> = {
  ...{ Button, ButtonRow, Dropdown, DropdownButtonItem, Link, LoadingButton },
  ...{ BarChart, LineChart, Checkbox, MultiSelect, RadioButton, Select, Toggle, ToggleGroup, Form },
  ...{ CurrencyInput, DateInput, Input, NumberInput, SearchInput, StepperInput, TextArea, TimeInput },
  ...{ AutoGrid, Box, Flex, Inline, Modal, Panel, PanelSection, Tooltip },
  Textarea: TextArea,
  Card: layout.Card,
  Divider: layout.Divider,
  Spacer: layout.Spacer,
  Stack: layout.Stack,
  Tile: layout.Tile,
  ModalBody: DialogBody,
  ModalFooter: DialogFooter,
  PanelBody: DialogBody,
  PanelFooter: DialogFooter,
  Alert: states.Alert,
  EmptyState: states.EmptyState,
  ErrorState: states.ErrorState,
  LoadingSpinner: states.LoadingSpinner,
  ProgressBar: states.ProgressBar,
  ScoreCircle: states.ScoreCircle,
  Statistics: states.Statistics,
  StatisticsItem: states.StatisticsItem,
  StatisticsTrend: states.StatisticsTrend,
  Accordion: tables.Accordion,
  DescriptionList: tables.DescriptionList,
  DescriptionListItem: tables.DescriptionListItem,
  StepIndicator: tables.StepIndicator,
  Tab: tables.Tab,
  Table: tables.Table,
  TableBody: tables.TableBody,
  TableCell: tables.TableCell,
  TableFooter: tables.TableFooter,
  TableHead: tables.TableHead,
  TableHeader: tables.TableHeader,
  TableRow: tables.TableRow,
  Tabs: tables.Tabs,
  Heading: text.Heading,
  Icon: text.Icon,
  Illustration: text.Illustration,
  Image: text.Image,
  List: text.List,
  StatusTag: text.StatusTag,
  Tag: text.Tag,
  Text: text.Text,
};

const ofPages: Record<string, Drawn> = {
  HeaderActions: pages.HeaderActions,
  PrimaryHeaderActionButton: pages.PrimaryHeaderActionButton,
  SecondaryHeaderActionButton: pages.SecondaryHeaderActionButton,
  PageBreadcrumbs: pages.PageBreadcrumbs,
  PageBreadcrumbsCurrent: pages.PageBreadcrumbsCurrent,
  PageBreadcrumbsPageLink: pages.PageLink,
  PageHeader: pages.PageHeader,
  PageHeaderLink: pages.PageHeaderLink,
  PageHeaderPageLink: pages.PageHeaderPageLink,
  PageHeaderPrimaryAction: pages.PageHeaderPrimaryAction,
  PageHeaderSecondaryActions: pages.PageHeaderSecondaryActions,
  PageLink: pages.PageLink,
  PageTitle: pages.PageTitle,
};

const ofCrm: Record<string, Drawn> = {
  CrmPropertyList: crm.CrmProperties,
  CrmDataHighlight: crm.CrmProperties,
  CrmActionButton: crm.CrmActionButton,
  CrmActionLink: crm.CrmActionLink,
  CrmCardActions: crm.CrmCardActions,
  ...Object.fromEntries(
    [
      ...['CrmAssociationPivot', 'CrmAssociationPropertyList', 'CrmAssociationStageTracker'],
      ...['CrmAssociationTable', 'CrmReport', 'CrmSimpleDeadline', 'CrmStageTracker', 'CrmStatistics'],
    ].map((name) => [name, standIn(name, ofHubSpot)]),
  ),
};

const experimental: Record<string, Drawn> = {
  Center: layout.Center,
  Grid: layout.Grid,
  GridItem: layout.GridItem,
  MediaObject: layout.MediaObject,
  Stack2: layout.Stack2,
  SettingsView: states.SettingsView,
  ExpandableText: states.ExpandableText,
  FileInput: crm.FileInput,
  ...Object.fromEntries(
    ['FileUpload', 'FileViewer', 'Iframe'].map((name) => [name, standIn(name, 'not drawn in this preview')]),
  ),
  // Their additional margins and paddings are not imitated.
  ...Object.fromEntries(
    [
      ...[
        'AutoGrid',
        'Box',
        'Button',
        'ButtonRow',
        'Checkbox',
        'CurrencyInput',
        'DateInput',
        'Flex',
        'Inline',
      ],
      ...['Input', 'LoadingButton', 'MultiSelect', 'NumberInput', 'RadioButton', 'SearchInput', 'Select'],
      ...['StepperInput', 'TextArea', 'TimeInput', 'Toggle'],
    ].map((name) => [`Experimental${name}`, standard[name] ?? Unknown]),
  ),
};

export const components: Readonly<Record<string, Drawn>> = {
  ...standard,
  ...ofPages,
  ...ofCrm,
  ...experimental,
};

/** An unknown name would throw in the middle of drawing: its children are drawn instead. */
export function createHostController(): Controller {
  return { ...createController({}), get: (type) => components[type] ?? Unknown };
}
