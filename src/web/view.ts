/** What is shown in the main part of the page; one at a time. */
export interface MountedView {
  readonly title: string;
  readonly node: HTMLElement;
  /** Gets the focus when the view is gone to. */
  readonly heading: HTMLElement;
  close(): void;
}
