<?php
declare(strict_types=1);

const PAGE = 20;

/** Answers without the database: whether the pages themselves are there. */
function about(): void
{
    show('About', '<p>An auction site as RUBiS is, for showing what failures cost.</p>');
}

function home(): void
{
    $items = rows('SELECT id, name, ends_at FROM items WHERE ends_at > NOW() ORDER BY id DESC LIMIT 10');
    show('Auction', '<h2>New</h2>' . table($items, ['name' => 'Item', 'ends_at' => 'Ends'], '/item?id='));
}

function categories(): void
{
    $region = isset($_GET['region']) ? '&region=' . number($_GET, 'region') : '';
    $list = '';
    foreach (rows('SELECT id, name FROM categories ORDER BY name') as $one) {
        $list .= '<li><a href="/search?category=' . (int) $one['id'] . $region . '">' . text($one['name']) . '</a></li>';
    }
    show('Categories', "<ul>$list</ul>");
}

function regions(): void
{
    $list = '';
    foreach (rows('SELECT id, name FROM regions ORDER BY name') as $one) {
        $list .= '<li><a href="/categories?region=' . (int) $one['id'] . '">' . text($one['name']) . '</a></li>';
    }
    show('Regions', "<ul>$list</ul>");
}

/** By category, by category and region, or by the first words of a name. */
function search(): void
{
    $page = isset($_GET['page']) ? number($_GET, 'page', 0, 1000) : 0;
    $found = ['i.ends_at > NOW()'];
    $values = [];
    if (isset($_GET['words'])) {
        $found[] = 'i.name LIKE ?';
        $values[] = addcslashes(line($_GET, 'words', 80), '%_\\') . '%';
    } else {
        $found[] = 'i.category_id = ?';
        $values[] = number($_GET, 'category');
    }
    $from = 'items i';
    if (isset($_GET['region'])) {
        $from .= ' JOIN users u ON u.id = i.seller_id';
        $found[] = 'u.region_id = ?';
        $values[] = number($_GET, 'region');
    }
    $items = rows(
        "SELECT i.id, i.name, i.first_price, i.ends_at, (SELECT MAX(b.amount) FROM bids b WHERE b.item_id = i.id) AS highest FROM $from WHERE "
            . implode(' AND ', $found) . ' ORDER BY i.ends_at LIMIT ' . PAGE . ' OFFSET ' . $page * PAGE,
        $values,
    );
    show('Items', table($items, ['name' => 'Item', 'first_price' => 'From', 'highest' => 'Highest bid', 'ends_at' => 'Ends'], '/item?id='));
}

function item(): void
{
    $id = number($_GET, 'id');
    $item = row(
        'SELECT i.*, u.nickname AS seller, (SELECT MAX(amount) FROM bids WHERE item_id = i.id) AS highest, (SELECT COUNT(*) FROM bids WHERE item_id = i.id) AS bids
           FROM items i JOIN users u ON u.id = i.seller_id WHERE i.id = ?',
        [$id],
    ) ?? throw new Refused('There is no such item.', 404);
    $facts = '<p>' . text($item['description']) . '</p><p>Sold by <a href="/user?id=' . (int) $item['seller_id'] . '">' . text($item['seller']) . '</a>, until '
        . text($item['ends_at']) . '. <a href="/bids?id=' . $id . '">' . (int) $item['bids'] . ' bids</a>, highest ' . text($item['highest'] ?? 'none') . '.</p>';
    $who = '<label>You are user <input name="user" required inputmode="numeric"></label> <input type="hidden" name="item" value="' . $id . '">' . tokenField();
    show(
        (string) $item['name'],
        $facts . '<form method="post" action="/bid">' . $who . '<label>Bid <input name="amount" required></label><button>Bid</button></form>'
            . '<form method="post" action="/buy">' . $who . '<button>Buy now for ' . text($item['buy_now_price']) . '</button></form>'
            . '<form method="post" action="/comment">' . $who . '<label>Comment <input name="words" required></label><label>Rating <input name="rating" value="1"></label><button>Comment</button></form>',
    );
}

function user(): void
{
    $id = number($_GET, 'id');
    $user = row('SELECT u.nickname, u.name, u.created_at, r.name AS region FROM users u JOIN regions r ON r.id = u.region_id WHERE u.id = ?', [$id])
        ?? throw new Refused('There is no such user.', 404);
    $comments = rows(
        'SELECT c.id, f.nickname, c.rating, c.words FROM comments c JOIN users f ON f.id = c.from_user_id WHERE c.to_user_id = ? ORDER BY c.id DESC LIMIT 20',
        [$id],
    );
    $rating = row('SELECT COALESCE(SUM(rating), 0) AS sum FROM comments WHERE to_user_id = ?', [$id]);
    show(
        (string) $user['nickname'],
        '<p>' . text($user['name']) . ', ' . text($user['region']) . ', rated ' . (int) $rating['sum'] . '.</p>'
            . table($comments, ['nickname' => 'From', 'rating' => 'Rating', 'words' => 'Words']),
    );
}

function bidHistory(): void
{
    $bids = rows(
        'SELECT b.id, u.nickname, b.amount, b.created_at FROM bids b JOIN users u ON u.id = b.user_id WHERE b.item_id = ? ORDER BY b.amount DESC LIMIT 50',
        [number($_GET, 'id')],
    );
    show('Bids', table($bids, ['nickname' => 'From', 'amount' => 'Amount', 'created_at' => 'When']));
}

function sellForm(): void
{
    $fields = '';
    foreach (['user' => 'You are user', 'name' => 'Item', 'description' => 'Description', 'category' => 'Category', 'price' => 'First price', 'buyNow' => 'Buy now'] as $name => $label) {
        $fields .= "<label>$label <input name=\"$name\" required></label>";
    }
    show('Sell', '<form method="post" action="/sell">' . $fields . tokenField() . '<button>Sell</button></form>');
}

function registerForm(): void
{
    $fields = '<label>Nickname <input name="nickname" required></label><label>Name <input name="name" required></label><label>Region <input name="region" required></label>';
    show('Register', '<form method="post" action="/register">' . $fields . tokenField() . '<button>Register</button></form>');
}
