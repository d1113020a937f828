/** A chart is drawn on its canvas once: it has to hear of another size and of other colours. */
import { THEME_CHANGED } from './theme.ts';

/** @returns ends it */
export function whenRedrawn(
  host: Element,
  resized: () => void,
  recoloured: () => void,
): () => void {
  const observer = new ResizeObserver(resized);
  observer.observe(host);
  document.addEventListener(THEME_CHANGED, recoloured);
  return () => {
    observer.disconnect();
    document.removeEventListener(THEME_CHANGED, recoloured);
  };
}
