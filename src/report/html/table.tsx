import type { ComponentChildren } from 'preact';

export interface Head {
  title: string;
  align?: 'right';
}

interface TableProps {
  caption: string;
  heads: readonly Head[];
  rows: readonly (readonly ComponentChildren[])[];
  /** Whether the caption is for those alone who do not see the heading above. */
  isCaptionHidden?: boolean;
}

/** A table whose first column names its rows. What is wider than the page is scrolled by itself. */
export function Table({ caption, heads, rows, isCaptionHidden = false }: TableProps) {
  return (
    <Scrolled label={caption}>
      <table>
        <caption class={isCaptionHidden ? 'hidden' : undefined}>{caption}</caption>
        <thead>
          <tr>
            {heads.map(({ title, align }) => (
              <th scope="col" class={align}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell, i) =>
                i === 0 ? (
                  <th scope="row" class={heads[i]?.align}>
                    {cell}
                  </th>
                ) : (
                  <td class={heads[i]?.align}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

/** What may be wider than the page. */
export function Scrolled({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard (WCAG 2.1.1).
    <section class="scrolled" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** Commands as they are to be copied. */
export function Commands({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <section class="commands" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled, with the keyboard too. */}
      <pre tabIndex={0}>{children}</pre>
    </section>
  );
}
