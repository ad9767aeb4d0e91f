/** A value as it is read. What comes from the CRM is text and stays text; only an address of the web becomes a link. */
import type { FieldMeta } from '@tallystick/shared/messages';
import { members, type Value } from '@tallystick/shared/values';
import { labelOf, textOf, webAddress } from '../values.ts';
import { WORDS } from '../words.ts';

type Props = { meta: Pick<FieldMeta, 'kind' | 'options'>; value: Value; currency?: Value };

export function ValueShown({ meta, value, currency = null }: Props) {
  if (value === null) return <span className="soft">{WORDS.none}</span>;
  switch (meta.kind) {
    case 'longtext':
      return <span className="long">{value}</span>;
    case 'email':
      return <a href={`mailto:${encodeURIComponent(value).replace('%40', '@')}`}>{value}</a>;
    case 'phone':
      return <a href={`tel:${value.replace(/[^\d+]/g, '')}`}>{value}</a>;
    case 'url': {
      const address = webAddress(value);
      if (address === null) return <span>{value}</span>;
      return (
        <a href={address} target="_blank" rel="noopener noreferrer nofollow">
          {value}
        </a>
      );
    }
    case 'choices':
      return (
        <span className="tags">
          {members(value).map((option) => (
            <span className="tag" key={option}>
              {labelOf(meta, option)}
            </span>
          ))}
        </span>
      );
    default:
      return <span>{textOf(meta, value, currency)}</span>;
  }
}
