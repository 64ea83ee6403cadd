<?php
// An auction site as RUBiS is: every page of it comes through here. What changes something carries a token, which names the request:
// sent again, after an answer that was lost, it is done once and answered the same.
declare(strict_types=1);
require __DIR__ . '/database.php';
require __DIR__ . '/view.php';
require __DIR__ . '/read.php';
require __DIR__ . '/write.php';

$path = trim((string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH), '/');
$reads = [
    '' => 'home', 'about' => 'about', 'categories' => 'categories', 'regions' => 'regions', 'search' => 'search',
    'item' => 'item', 'user' => 'user', 'bids' => 'bidHistory', 'sell' => 'sellForm', 'register' => 'registerForm',
];
$writes = ['bid' => 'bid', 'buy' => 'buyNow', 'comment' => 'comment', 'register' => 'register', 'sell' => 'sell'];

try {
    $posted = ($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST';
    $page = $posted ? ($writes[$path] ?? null) : ($reads[$path] ?? null);
    if ($page === null) {
        throw new Refused('There is no such page.', 404);
    }
    $page();
} catch (Refused $refused) {
    http_response_code($refused->getCode());
    show('Not done', '<p>' . text($refused->getMessage()) . '</p>');
} catch (Throwable $error) {
    error_log((string) $error);
    http_response_code(503);
    show('Not now', '<p>The auction cannot answer right now.</p>');
}
