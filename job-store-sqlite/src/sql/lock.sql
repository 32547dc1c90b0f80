-- ?1 name, ?2 holder, ?3 the holder for people, ?4 end of the lease
INSERT INTO job_lock (name, holder, words, expires) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE SET holder = ?2, words = ?3, expires = ?4
