/** Stands in for a search for a file that nothing is wanted of: it finds none. */
export default () => undefined;
