package prestooperator.udf;

import com.facebook.presto.spi.Plugin;

import java.util.Collections;
import java.util.Set;

public final class WhereAmIPlugin
        implements Plugin
{
    @Override
    public Set<Class<?>> getFunctions()
    {
        return Collections.singleton(WhereAmI.class);
    }
}
