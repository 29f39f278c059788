package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/authd-go/authd/core"
)

// slowCommit is what a commit takes that makes every login wait.
const slowCommit = 250 * time.Millisecond

// Diagnose looks at a file without creating, migrating or otherwise changing
// it, and reports each step. It returns whether Open would find it as it should
// be. A daemon may be using it.
func Diagnose(ctx context.Context, path string, report func(core.Finding)) (usable bool) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		report(core.Finding{Name: "file", Mark: core.MarkWarning, Detail: path + " does not exist yet", Advice: "authd makes it when it first starts; if there should be one, look at store.url"})
		return false
	}
	if err == nil {
		err = checkPrivate(path)
	}
	if err != nil {
		report(core.Finding{Name: "file", Mark: core.MarkFailed, Detail: err.Error(), Advice: "store.url names the file; authd must be its only reader and writer"})
		return false
	}
	report(core.Finding{Name: "file", Mark: core.MarkOK, Detail: fmt.Sprintf("%s, %d kB", path, (info.Size()+1023)/1024)})
	db, err := openPool(1, sourceName(path, "rw", "busy_timeout(2000)", "synchronous(FULL)"))
	if err != nil {
		report(core.Finding{Name: "open", Mark: core.MarkFailed, Detail: err.Error(), Advice: "store.url must name a file that this user may write"})
		return false
	}
	defer func() { _ = db.Close() }() // nothing is left to lose
	return diagnoseSchema(ctx, db, path, report) && diagnoseCommit(ctx, db, path, report)
}

func diagnoseSchema(ctx context.Context, db *sql.DB, path string, report func(core.Finding)) bool {
	began := time.Now()
	f := core.Finding{Name: "schema", Mark: core.MarkOK}
	provider, err := newProvider(db)
	var state fileState
	if err == nil {
		state, err = inspect(ctx, db)
	}
	if err != nil {
		f.Mark, f.Detail, f.Advice = core.MarkFailed, explain(path, err).Error(), "is store.url the right file? If it is, restore it from a backup"
	} else if newest := newestVersion(provider); state.check(path, newest) != nil {
		f.Mark, f.Detail, f.Advice = core.MarkFailed, state.check(path, newest).Error(), "name another file in store.url, or run the authd that this one belongs to"
	} else if state.version < newest {
		f.Mark, f.Detail = core.MarkWarning, fmt.Sprintf("version %d, this authd has %d", state.version, newest)
		f.Advice = "authd brings it up to date when it starts; make a backup before"
	} else {
		f.Detail = fmt.Sprintf("version %d, the newest", state.version)
	}
	f.Took = time.Since(began)
	report(f)
	return f.Mark == core.MarkOK
}

// diagnoseCommit writes what is there already, as durably as everything else is written.
func diagnoseCommit(ctx context.Context, db *sql.DB, path string, report func(core.Finding)) bool {
	began := time.Now()
	err := rewriteMark(ctx, db)
	f := core.Finding{Name: "commit", Took: time.Since(began), Mark: core.MarkOK, Detail: "written and on disk"}
	switch {
	case err != nil:
		f.Mark, f.Detail, f.Advice = core.MarkFailed, explain(path, err).Error(), "nobody can sign in: is the disk full or read-only, and may this user write the file and its folder?"
	case f.Took > slowCommit:
		f.Mark, f.Advice = core.MarkWarning, "each login waits for a commit: put the file of store.url on a faster disk, and not on a network's"
	}
	report(f)
	return err == nil
}

// rewriteMark sets application_id to what it is.
func rewriteMark(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
