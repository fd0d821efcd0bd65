// The bundle script gives a style as text.
declare module '*.css' {
  const text: string;
  export default text;
}
