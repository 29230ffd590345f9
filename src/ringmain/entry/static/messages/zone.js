// Offers the time zone of this browser beside that of the shops; without this the choice is shorter, and works.
const select = document.querySelector("select[data-own-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (select && zone && ![...select.options].some((option) => option.value === zone)) select.add(new Option(zone, zone));
