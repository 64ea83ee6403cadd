<?php
declare(strict_types=1);

/** The name of this request: 8 to 36 letters, digits and dashes. */
function token(): string
{
    $token = (string) ($_POST['token'] ?? '');
    if (preg_match('/^[A-Za-z0-9-]{8,36}$/', $token) !== 1) {
        throw new Refused('token must be 8 to 36 letters, digits and dashes.');
    }
    return $token;
}

/**
 * Writes one row once. `$write` inserts a row with the token; where another process, or an earlier try of this one, has written it, that
 * row is the answer. Acknowledged only after COMMIT.
 */
function once(string $table, callable $write): int
{
    $token = token();
    $id = database(function (mysqli $db) use ($table, $write, $token): int {
        $known = fn () => $db->execute_query("SELECT id FROM $table WHERE token = ?", [$token])->fetch_row()[0] ?? null;
        $before = $known();
        if ($before !== null) {
            return (int) $before;
        }
        $db->begin_transaction();
        try {
            $write($db, $token);
            $id = (int) $db->insert_id;
            $db->commit();
            return $id;
        } catch (mysqli_sql_exception $error) {
            try {
                $db->rollback();
            } catch (mysqli_sql_exception) {
                // The connection is gone, and the transaction with it.
            }
            $same = $error->getCode() === 1062 ? $known() : null;
            if ($same !== null) {
                return (int) $same;
            }
            throw $error;
        }
    });
    header("X-Auction-Token: $token");
    return $id;
}

function bid(): void
{
    [$item, $user] = [number($_POST, 'item'), number($_POST, 'user')];
    $amount = filter_var($_POST['amount'] ?? null, FILTER_VALIDATE_FLOAT);
    if ($amount === false || $amount <= 0 || $amount > 10_000_000) {
        throw new Refused('amount must be a price.');
    }
    $id = once('bids', function (mysqli $db, string $token) use ($item, $user, $amount): void {
        $open = $db->execute_query('SELECT 1 FROM items WHERE id = ? AND ends_at > NOW()', [$item])->fetch_row();
        if ($open === null) {
            throw new Refused('There is no such item, or it has ended.', 404);
        }
        $db->execute_query('INSERT INTO bids (item_id, user_id, amount, token) VALUES (?, ?, ?, ?)', [$item, $user, $amount, $token]);
    });
    show('Bid', "<p>Your bid has the number $id.</p>");
}

function buyNow(): void
{
    [$item, $user] = [number($_POST, 'item'), number($_POST, 'user')];
    $quantity = isset($_POST['quantity']) ? number($_POST, 'quantity', 1, 100) : 1;
    $id = once('purchases', function (mysqli $db, string $token) use ($item, $user, $quantity): void {
        $db->execute_query('UPDATE items SET quantity = quantity - ? WHERE id = ? AND quantity >= ? AND ends_at > NOW()', [$quantity, $item, $quantity]);
        if ($db->affected_rows === 0) {
            throw new Refused('There are not so many left.', 409);
        }
        $db->execute_query('INSERT INTO purchases (item_id, user_id, quantity, token) VALUES (?, ?, ?, ?)', [$item, $user, $quantity, $token]);
    });
    show('Bought', "<p>Your purchase has the number $id.</p>");
}

function comment(): void
{
    [$item, $from] = [number($_POST, 'item'), number($_POST, 'user')];
    $rating = number($_POST, 'rating', -5, 5);
    $words = line($_POST, 'words', 2000);
    $id = once('comments', function (mysqli $db, string $token) use ($item, $from, $rating, $words): void {
        $seller = $db->execute_query('SELECT seller_id FROM items WHERE id = ?', [$item])->fetch_row();
        if ($seller === null) {
            throw new Refused('There is no such item.', 404);
        }
        $db->execute_query(
            'INSERT INTO comments (item_id, from_user_id, to_user_id, rating, words, token) VALUES (?, ?, ?, ?, ?, ?)',
            [$item, $from, $seller[0], $rating, $words, $token],
        );
    });
    show('Commented', "<p>Your comment has the number $id.</p>");
}

function register(): void
{
    $values = [line($_POST, 'nickname', 40), line($_POST, 'name', 80), number($_POST, 'region')];
    try {
        $id = once('users', function (mysqli $db, string $token) use ($values): void {
            $db->execute_query('INSERT INTO users (nickname, name, region_id, token) VALUES (?, ?, ?, ?)', [...$values, $token]);
        });
    } catch (mysqli_sql_exception $error) {
        throw $error->getCode() === 1062 ? new Refused('Somebody has this nickname.', 409) : $error;
    }
    show('Welcome', "<p>You are user $id.</p>");
}

function sell(): void
{
    $values = [
        line($_POST, 'name', 120), line($_POST, 'description', 10_000), number($_POST, 'user'), number($_POST, 'category'),
        number($_POST, 'price', 1, 1_000_000), number($_POST, 'buyNow', 1, 1_000_000),
    ];
    $id = once('items', function (mysqli $db, string $token) use ($values): void {
        $db->execute_query(
            'INSERT INTO items (name, description, seller_id, category_id, quantity, first_price, buy_now_price, ends_at, token)
             VALUES (?, ?, ?, ?, 10, ?, ?, NOW() + INTERVAL 7 DAY, ?)',
            [...$values, $token],
        );
    });
    show('For sale', "<p>Your item has the number <a href=\"/item?id=$id\">$id</a>.</p>");
}
