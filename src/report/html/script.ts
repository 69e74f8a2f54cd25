/**
 * What the page does beside being read: the filter, the theme, copying, and opening all that is folded before it is
 * printed. It knows nothing of the analysis but what stands in `data-` attributes, and writes text alone.
 */
export const SCRIPT = `
'use strict';
const filter = document.getElementById('filter');
if (filter) {
  const fields = ['vip', 'client', 'outcome', 'cause'];
  const rows = [...document.querySelectorAll('#attempts-table tbody tr')];
  const ladders = [...document.querySelectorAll('details.ladder-of')];
  const count = filter.elements.namedItem('count');
  const fits = (element, wanted) =>
    fields.every((field) => wanted[field] === '' || element.dataset[field].split(' ').includes(wanted[field]));
  const apply = () => {
    const wanted = Object.fromEntries(fields.map((field) => [field, filter.elements.namedItem(field).value]));
    for (const element of [...rows, ...ladders]) element.hidden = !fits(element, wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = shown + ' of ' + rows.length + ' shown';
  };
  filter.addEventListener('change', apply);
  filter.addEventListener('submit', (event) => event.preventDefault());
  filter.addEventListener('reset', () => setTimeout(apply));
  filter.hidden = false;
  apply();
}

const openTarget = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === 'DETAILS') {
    target.open = true;
    target.querySelector('summary').focus();
  }
};
addEventListener('hashchange', openTarget);
openTarget();

const theme = document.getElementById('theme');
theme.addEventListener('change', (event) => {
  const { value } = event.target;
  if (value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
});
theme.hidden = false;

for (const box of document.querySelectorAll('.commands')) {
  const text = box.querySelector('pre');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', 'Copy: ' + box.getAttribute('aria-label'));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  box.prepend(button);
}

let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  for (const one of folded) one.open = true;
});
addEventListener('afterprint', () => {
  for (const one of folded) one.open = false;
});
`;
