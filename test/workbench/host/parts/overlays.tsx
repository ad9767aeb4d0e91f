/** Modal and Panel as dialogs, Tooltip, and the `overlay` prop that opens them. */
import type { ModalProps, PanelProps, TooltipProps } from '@hubspot/ui-extensions';
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  type SyntheticEvent,
} from 'react';
import { createPortal } from 'react-dom';
import { classes, sizeOf, tell, tested, useSurface, type Children } from '../surface.tsx';
import { FormContext } from './fields.tsx';
import { PhrasingContext } from './text.tsx';

/** Given by what opened the overlay. Without it a Modal or Panel waits for a reaction (`openModal`). */
const OpenedContext = createContext<{ close: () => void } | null>(null);

/** Shown while its trigger is hovered or focused. */
const TooltipContext = createContext<string | null>(null);

interface Trigger {
  open: () => void;
  hasOverlay: boolean;
  /** For the element that triggers it. */
  describedBy: string | undefined;
  /** Around the trigger: a tooltip listens there. */
  around: (trigger: ReactElement) => ReactElement;
}

/** An `overlay` arrives as a fragment of the remote tree; what it holds may come, and change, later. */
function isTooltip(overlay: ReactNode): boolean {
  const held = (overlay as { props?: { fragment?: { children?: { type?: string }[] } } } | null)?.props;
  return held?.fragment?.children?.some(({ type }) => type === 'Tooltip') ?? false;
}

export function useOverlay(overlay: ReactNode): Trigger {
  const [isOpen, setOpen] = useState(false);
  const [isHinted, setHinted] = useState(false);
  const id = useId();
  const hasOverlay = overlay !== undefined && overlay !== null && overlay !== false;
  if (!hasOverlay) return { open: () => undefined, hasOverlay, describedBy: undefined, around: (it) => it };
  const hint = (isOn: boolean) => () => setHinted(isOn && isTooltip(overlay));
  return {
    hasOverlay,
    describedBy: isHinted ? id : undefined,
    open: () => setOpen(!isTooltip(overlay)),
    around: (trigger) => (
      <span
        className="hs-anchor"
        onMouseEnter={hint(true)}
        onMouseLeave={hint(false)}
        onFocus={hint(true)}
        onBlur={hint(false)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setHinted(false);
        }}
      >
        {trigger}
        {isHinted ? <TooltipContext.Provider value={id}>{overlay}</TooltipContext.Provider> : null}
        {isOpen ? (
          <OpenedContext.Provider value={{ close: () => setOpen(false) }}>{overlay}</OpenedContext.Provider>
        ) : null}
      </span>
    ),
  };
}

const stop = (event: SyntheticEvent): void => event.stopPropagation();

/** Apart from the tree that opened it: neither its form, nor its keys, nor its type of text hold inside. */
function Layer({ children }: { children: ReactNode }): ReactNode {
  const layer = useSurface().layer();
  if (layer === null) return null;
  return createPortal(
    <FormContext.Provider value={null}>
      <PhrasingContext.Provider value={false}>
        <OpenedContext.Provider value={null}>
          <div onClick={stop} onKeyDown={stop} onSubmit={stop} onFocus={stop} onBlur={stop}>
            {children}
          </div>
        </OpenedContext.Provider>
      </PhrasingContext.Provider>
    </FormContext.Provider>,
    layer,
  );
}

interface DialogProps {
  kind: 'modal' | 'panel';
  isModal: boolean;
  id: string;
  title: string | undefined;
  label: string | undefined;
  width: string;
  isDanger: boolean;
  onOpen: (() => void) | undefined;
  onClose: (() => void) | undefined;
  close: () => void;
  testId: string | undefined;
  children: ReactNode;
}

function Dialog(props: DialogProps): ReactNode {
  const { kind, isModal, id, title, label, width, isDanger, close, testId, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const titleId = useId();
  const { overlays } = useSurface();

  useEffect(() => {
    const known = overlays.get(id);
    const mine = { ...known, close: () => latest.current.close() };
    overlays.set(id, mine);
    return () => {
      if (overlays.get(id) !== mine) return;
      if (known === undefined) overlays.delete(id);
      else overlays.set(id, known);
    };
  }, [overlays, id]);

  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element !== null && !element.open) {
      if (isModal) element.showModal();
      else element.show();
      if (!element.contains(document.activeElement) || document.activeElement === element) element.focus();
    }
    tell(latest.current.onOpen);
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      tell(latest.current.onClose);
    };
  }, [isModal]);

  // A dialog that is not modal hears no Escape of its own, least of all while the focus is elsewhere.
  useEffect(() => {
    if (isModal) return undefined;
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Escape' && document.querySelector('dialog:modal') === null) latest.current.close();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isModal]);

  return (
    <dialog
      ref={dialog}
      className={classes(`hs-${kind}`, `hs-width-${width}`, isDanger && 'hs-danger')}
      tabIndex={-1}
      aria-labelledby={title === undefined ? undefined : titleId}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !isModal) close();
      }}
      {...tested(testId)}
    >
      <div className="hs-dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="hs-close" aria-label="Close" onClick={close}>
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}

/** Open because its opener says so, or by a reaction that names its id. */
function useOpened(id: string): { isOpen: boolean; close: () => void } {
  const opened = useContext(OpenedContext);
  const [isOpen, setOpen] = useState(false);
  const { overlays } = useSurface();
  const isOnItsOwn = opened === null;
  useEffect(() => {
    if (!isOnItsOwn) return undefined;
    overlays.set(id, { open: () => setOpen(true), close: () => setOpen(false) });
    return () => {
      overlays.delete(id);
    };
  }, [overlays, id, isOnItsOwn]);
  return opened === null ? { isOpen, close: () => setOpen(false) } : { isOpen: true, close: opened.close };
}

export function Modal(props: ModalProps): ReactNode {
  const { isOpen, close } = useOpened(props.id);
  if (!isOpen) return null;
  return (
    <Layer>
      <Dialog
        kind="modal"
        isModal
        id={props.id}
        title={props.title}
        label={props['aria-label']}
        width={sizeOf(props.width, 'sm')}
        isDanger={props.variant === 'danger'}
        onOpen={props.onOpen}
        onClose={props.onClose}
        close={close}
        testId={props.testId}
      >
        {props.children}
      </Dialog>
    </Layer>
  );
}

export function Panel(props: PanelProps): ReactNode {
  const { isOpen, close } = useOpened(props.id);
  if (!isOpen) return null;
  return (
    <Layer>
      <Dialog
        kind="panel"
        isModal={props.variant === 'modal'}
        id={props.id}
        title={props.title}
        label={props['aria-label']}
        width={sizeOf(props.width, 'sm')}
        isDanger={false}
        onOpen={props.onOpen}
        onClose={props.onClose}
        close={close}
        testId={props.testId}
      >
        {props.children}
      </Dialog>
    </Layer>
  );
}

export const DialogBody = ({ children, testId }: Children): ReactNode => (
  <div className="hs-dialog-body" {...tested(testId)}>
    {children}
  </div>
);

export const DialogFooter = ({ children, testId }: Children): ReactNode => (
  <div className="hs-dialog-foot" {...tested(testId)}>
    {children}
  </div>
);

export const PanelSection = ({
  flush = false,
  children,
  testId,
}: Children & { flush?: boolean }): ReactNode => (
  <section className={classes('hs-panel-section', flush && 'hs-flush')} {...tested(testId)}>
    {children}
  </section>
);

export function Tooltip({ children, placement = 'top', testId }: TooltipProps): ReactNode {
  const id = useContext(TooltipContext);
  if (id === null) return null;
  return (
    <span role="tooltip" id={id} className={`hs-tooltip hs-at-${placement}`} {...tested(testId)}>
      {children}
    </span>
  );
}

/** Up and down, and to both ends, among the elements of a menu or a list of tabs. */
export function moveFocus(
  event: KeyboardEvent,
  among: readonly HTMLElement[],
  [back, on]: readonly [string, string],
): HTMLElement | null {
  const here = among.indexOf(document.activeElement as HTMLElement);
  const last = among.length - 1;
  const steps: Record<string, number> = {
    [back]: here <= 0 ? last : here - 1,
    [on]: here >= last ? 0 : here + 1,
    Home: 0,
    End: last,
  };
  const next = among[steps[event.key] ?? -1];
  if (next === undefined) return null;
  event.preventDefault();
  next.focus();
  return next;
}
