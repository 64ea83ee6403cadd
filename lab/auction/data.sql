-- Made up, and the same every time: 500 users, 1000 items, 4000 bids, 500 comments. `crc32` of the number is the dice.
SET SESSION auto_increment_increment = 1, SESSION auto_increment_offset = 1;
START TRANSACTION;
INSERT INTO regions (name) VALUES
  ('Aquitaine'), ('Bretagne'), ('Alsace'), ('Corse'), ('Midi-Pyrenees'), ('Normandie'), ('Picardie'), ('Provence'), ('Savoie'), ('Touraine');
INSERT INTO categories (name) VALUES
  ('Antiques'), ('Books'), ('Cameras'), ('Clocks'), ('Coins'), ('Computers'), ('Furniture'), ('Garden'), ('Instruments'), ('Jewels'),
  ('Maps'), ('Music'), ('Paintings'), ('Pottery'), ('Radios'), ('Stamps'), ('Tools'), ('Toys'), ('Travel'), ('Wine');
INSERT INTO users (id, nickname, name, region_id, rating, token)
  SELECT seq, CONCAT('user-', seq), CONCAT(ELT(1 + CRC32(CONCAT('f', seq)) % 8, 'Ada', 'Barbara', 'Edsger', 'Grace', 'John', 'Leslie', 'Niklaus', 'Radia'), ' ', seq),
    1 + CRC32(CONCAT('r', seq)) % 10, CRC32(CONCAT('g', seq)) % 50, CONCAT('user-', seq)
  FROM seq_1_to_500;
INSERT INTO items (id, name, description, seller_id, category_id, quantity, first_price, buy_now_price, ends_at, token)
  SELECT seq,
    CONCAT(ELT(1 + CRC32(CONCAT('a', seq)) % 8, 'Old', 'Rare', 'Small', 'Large', 'Blue', 'Wooden', 'Silver', 'Painted'), ' ',
      ELT(1 + CRC32(CONCAT('n', seq)) % 12, 'clock', 'lamp', 'chair', 'map', 'camera', 'violin', 'stamp', 'coin', 'vase', 'radio', 'lens', 'globe'), ' number ', seq),
    CONCAT('It was found in ', ELT(1 + CRC32(CONCAT('p', seq)) % 6, 'an attic', 'a cellar', 'a castle', 'a barn', 'a ship', 'a school'),
      ', and works', IF(CRC32(CONCAT('w', seq)) % 3 = 0, ' sometimes', ''), '. ', REPEAT('As good as new. ', 1 + CRC32(CONCAT('d', seq)) % 8)),
    1 + CRC32(CONCAT('s', seq)) % 500, 1 + CRC32(CONCAT('c', seq)) % 20, 1000000, 1 + CRC32(CONCAT('m', seq)) % 200,
    500 + CRC32(CONCAT('b', seq)) % 2000, '2099-01-01' + INTERVAL (CRC32(CONCAT('e', seq)) % 1000) HOUR, CONCAT('item-', seq)
  FROM seq_1_to_1000;
INSERT INTO bids (id, item_id, user_id, amount, token)
  SELECT seq, 1 + CRC32(CONCAT('i', seq)) % 1000, 1 + CRC32(CONCAT('u', seq)) % 500, 200 + (seq / 100), CONCAT('bid-', seq)
  FROM seq_1_to_4000;
INSERT INTO comments (id, item_id, from_user_id, to_user_id, rating, words, token)
  SELECT seq, 1 + CRC32(CONCAT('i', seq)) % 1000, 1 + CRC32(CONCAT('u', seq)) % 500, 1 + CRC32(CONCAT('t', seq)) % 500,
    CAST(CRC32(CONCAT('o', seq)) % 6 AS SIGNED) - 1, ELT(1 + CRC32(CONCAT('k', seq)) % 4, 'Fast and friendly.', 'As described.', 'Came late.', 'A pleasure.'), CONCAT('comment-', seq)
  FROM seq_1_to_500;
COMMIT;
