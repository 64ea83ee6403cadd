<?php
declare(strict_types=1);

/** What the visitor asked for cannot be done; the code is HTTP's. */
final class Refused extends RuntimeException
{
    public function __construct(string $words, int $status = 400)
    {
        parent::__construct($words, $status);
    }
}

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

function connection(bool $anew = false): mysqli
{
    static $open = null;
    if ($open === null || $anew) {
        $open = mysqli_init();
        $open->options(MYSQLI_OPT_CONNECT_TIMEOUT, 3);
        $open->options(MYSQLI_OPT_READ_TIMEOUT, 8);
        $open->real_connect(
            getenv('AUCTION_DB_HOST') ?: '127.0.0.1',
            getenv('AUCTION_DB_USER') ?: 'auction',
            getenv('AUCTION_DB_PASSWORD') ?: '',
            'auction',
            (int) (getenv('AUCTION_DB_PORT') ?: 3306),
        );
        $open->set_charset('utf8mb4');
    }
    return $open;
}

/** Deadlocks and lock waits, a server that is not open for writes any more, connections that ended. */
const WORTH_ANOTHER_TRY = [1047, 1053, 1158, 1159, 1160, 1161, 1205, 1213, 1290, 1836, 2002, 2003, 2006, 2013, 4151];

/**
 * Runs `$work` with a connection. Where the connection breaks it is run again, a few times within six seconds: all that it changes it
 * changes in one transaction and under the request's token, so that twice is once.
 */
function database(callable $work): mixed
{
    $patience = microtime(true) + 6;
    for ($try = 0;; $try++) {
        try {
            return $work(connection($try > 0));
        } catch (mysqli_sql_exception $error) {
            if (!in_array($error->getCode(), WORTH_ANOTHER_TRY, true) || microtime(true) > $patience) {
                throw $error;
            }
            usleep($try === 0 ? 50_000 : 400_000);
        }
    }
}

/** @return list<array<string, mixed>> */
function rows(string $query, array $values = []): array
{
    return database(fn (mysqli $db) => $db->execute_query($query, $values)->fetch_all(MYSQLI_ASSOC));
}

function row(string $query, array $values = []): ?array
{
    return rows($query, $values)[0] ?? null;
}
