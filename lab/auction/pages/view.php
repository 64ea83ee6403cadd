<?php
declare(strict_types=1);

function text(mixed $value): string
{
    return htmlspecialchars((string) $value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

function show(string $title, string $body): void
{
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-store');
    $links = '<a href="/">Home</a> <a href="/categories">Categories</a> <a href="/regions">Regions</a> <a href="/sell">Sell</a> <a href="/register">Register</a>';
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>', text($title), '</title><nav>', $links, '</nav><h1>', text($title), '</h1>', $body, '</html>';
}

/** @param list<array<string, mixed>> $rows */
function table(array $rows, array $columns, string $link = ''): string
{
    $html = '<table><tr>';
    foreach ($columns as $name) {
        $html .= '<th>' . text($name) . '</th>';
    }
    foreach ($rows as $row) {
        $html .= '</tr><tr>';
        foreach (array_keys($columns) as $at => $key) {
            $cell = text($row[$key]);
            $html .= '<td>' . ($at === 0 && $link !== '' ? '<a href="' . $link . (int) $row['id'] . '">' . $cell . '</a>' : $cell) . '</td>';
        }
    }
    return $html . '</tr></table>';
}

function number(array $from, string $name, int $least = 1, int $most = 2_000_000_000): int
{
    $value = filter_var($from[$name] ?? null, FILTER_VALIDATE_INT, ['options' => ['min_range' => $least, 'max_range' => $most]]);
    if ($value === false) {
        throw new Refused("$name must be a whole number from $least to $most.");
    }
    return $value;
}

function line(array $from, string $name, int $most): string
{
    $value = trim((string) ($from[$name] ?? ''));
    if ($value === '' || mb_strlen_safe($value) > $most) {
        throw new Refused("$name must be there, and at most $most characters long.");
    }
    return $value;
}

/** Without the extension mbstring, which a small PHP does not have. */
function mb_strlen_safe(string $value): int
{
    $count = preg_match_all('/./su', $value);
    return $count === false ? PHP_INT_MAX : $count;
}

/** A field that names the request. */
function tokenField(): string
{
    return '<input type="hidden" name="token" value="' . bin2hex(random_bytes(16)) . '">';
}
